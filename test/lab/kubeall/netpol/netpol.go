// Package netpol enforces NetworkPolicy for the pods of one node with nftables in that node's network namespace. It
// rewrites one table in one transaction whenever a pod, namespace or policy changes. Traffic is judged in the forward
// hook, after kube-proxy's DNAT and before any SNAT; that of probes comes from the node itself and passes.
package netpol

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// An announcement comes from the network plugin, before a pod's first packet and a second before its status says so.
type announcement struct {
	pod, address string
	at           time.Time
	hold         chan struct{} // closed once rules hold
}

// Main runs until it is killed.
func Main(args []string) {
	flags := flag.NewFlagSet("netpol", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig")
	node := flags.String("node", "", "this node's name")
	socket := flags.String("socket", "", "where the network plugin announces pods")
	flags.Parse(args)
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0)
	pods, namespaces, policies := factory.Core().V1().Pods(), factory.Core().V1().Namespaces(), factory.Networking().V1().NetworkPolicies()
	dirty := make(chan struct{}, 1)
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: func(any) { mark() }, UpdateFunc: func(_, _ any) { mark() }, DeleteFunc: func(any) { mark() }}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		informer.AddEventHandler(handler)
	}
	stop := make(chan struct{})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	announcements := listen(*socket)
	announced := map[string]*announcement{}
	last := ""
	for mark(); ; {
		select {
		case <-dirty:
		case a := <-announcements:
			announced[a.pod] = a
		}
		allPods, _ := pods.Lister().List(labels.Everything())
		allNamespaces, _ := namespaces.Lister().List(labels.Everything())
		allPolicies, _ := policies.Lister().List(labels.Everything())
		present := map[string]bool{}
		for _, pod := range allPods {
			present[pod.Namespace+"/"+pod.Name] = true
		}
		for name, a := range announced {
			if !present[name] && time.Since(a.at) > time.Minute {
				delete(announced, name)
			}
		}
		rules := Ruleset(*node, allPods, allNamespaces, allPolicies, func(pod *core.Pod) string {
			// One of this name may have moved to another node since it was announced here.
			if a := announced[pod.Namespace+"/"+pod.Name]; a != nil && pod.Spec.NodeName == *node {
				return a.address
			}
			return pod.Status.PodIP
		})
		if rules != last {
			nft := exec.Command("nft", "-f", "-")
			nft.Stdin = strings.NewReader(rules)
			if output, err := nft.CombinedOutput(); err != nil {
				log.Printf("nft: %v: %s", err, output)
				time.AfterFunc(time.Second, mark)
				continue
			}
			last = rules
		}
		for name, a := range announced {
			if present[name] && a.hold != nil {
				close(a.hold)
				a.hold = nil
			}
		}
	}
}

func listen(socket string) <-chan *announcement {
	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	announcements := make(chan *announcement)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go func() {
				defer conn.Close()
				line, _ := bufio.NewReader(conn).ReadString('\n')
				pod, address, _ := strings.Cut(strings.TrimSpace(line), " ")
				hold := make(chan struct{})
				announcements <- &announcement{pod, address, time.Now(), hold}
				select {
				case <-hold:
					fmt.Fprint(conn, "ok")
				case <-time.After(10 * time.Second):
					log.Printf("pod %s was announced but is not known", pod)
				}
			}()
		}
	}()
	return announcements
}
