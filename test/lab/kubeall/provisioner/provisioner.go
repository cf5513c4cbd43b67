// Package provisioner makes volumes out of folders that every node sees. Kubernetes' own provisioner of this kind makes
// them for root alone.
package provisioner

import (
	"context"
	"flag"
	"log"
	"os"
	"path/filepath"
	"time"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// Name is what a StorageClass gives as its provisioner.
const Name = "lab/folder"

const (
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

// Main runs until it is killed.
func Main(args []string) {
	flags := flag.NewFlagSet("provisioner", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig")
	directory := flags.String("directory", "", "where the volumes' folders are")
	flags.Parse(args)
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	factory := informers.NewSharedInformerFactory(client, 0)
	claims, volumes, classes := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes(), factory.Storage().V1().StorageClasses()
	dirty := make(chan struct{}, 1)
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: func(any) { mark() }, UpdateFunc: func(_, _ any) { mark() }}
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		informer.AddEventHandler(handler)
	}
	stop := make(chan struct{})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	mark()
	for range dirty {
		pending, _ := claims.Lister().List(labels.Everything())
		for _, claim := range pending {
			if claim.Spec.VolumeName != "" || claim.Spec.StorageClassName == nil || claim.DeletionTimestamp != nil {
				continue
			}
			class, err := classes.Lister().Get(*claim.Spec.StorageClassName)
			if err != nil || class.Provisioner != Name {
				continue
			}
			if *class.VolumeBindingMode == storage.VolumeBindingWaitForFirstConsumer && claim.Annotations[selectedNode] == "" {
				continue
			}
			if err := provision(client, claim, class, *directory); err != nil {
				log.Printf("claim %s/%s: %v", claim.Namespace, claim.Name, err)
				time.AfterFunc(time.Second, mark)
			}
		}
		made, _ := volumes.Lister().List(labels.Everything())
		for _, volume := range made {
			if volume.Annotations[provisionedBy] != Name || volume.Status.Phase != core.VolumeReleased || volume.DeletionTimestamp != nil ||
				volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
				continue
			}
			if err := remove(client, volume); err != nil {
				log.Printf("volume %s: %v", volume.Name, err)
				time.AfterFunc(time.Second, mark)
			}
		}
	}
}

func provision(client kubernetes.Interface, claim *core.PersistentVolumeClaim, class *storage.StorageClass, directory string) error {
	name := "pvc-" + string(claim.UID)
	path := filepath.Join(directory, name)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	// Users other than root write to it, and the umask took that away.
	if err := os.Chmod(path, 0o777); err != nil {
		return err
	}
	_, err := client.CoreV1().PersistentVolumes().Create(context.Background(), &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: Name}},
		Spec: core.PersistentVolumeSpec{
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			PersistentVolumeReclaimPolicy: *class.ReclaimPolicy,
			StorageClassName:              class.Name,
			VolumeMode:                    claim.Spec.VolumeMode,
			PersistentVolumeSource:        core.PersistentVolumeSource{HostPath: &core.HostPathVolumeSource{Path: path}},
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
		},
	}, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func remove(client kubernetes.Interface, volume *core.PersistentVolume) error {
	if err := os.RemoveAll(volume.Spec.HostPath.Path); err != nil {
		return err
	}
	err := client.CoreV1().PersistentVolumes().Delete(context.Background(), volume.Name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}
