package netpol

import (
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A pod that has an address.
type endpoint struct {
	*core.Pod
	ip string
}

type ruleset struct {
	endpoints []endpoint
	nsLabels  map[string]map[string]string
}

// Ruleset gives the whole input of nft for a node; address tells a pod's.
func Ruleset(node string, pods []*core.Pod, namespaces []*core.Namespace, policies []*networking.NetworkPolicy, address func(*core.Pod) string) string {
	r := ruleset{nsLabels: map[string]map[string]string{}}
	for _, ns := range namespaces {
		r.nsLabels[ns.Name] = ns.Labels
	}
	for _, pod := range pods {
		finished := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if ip := address(pod); ip != "" && !pod.Spec.HostNetwork && !finished {
			r.endpoints = append(r.endpoints, endpoint{pod, ip})
		}
	}
	// In one order, so that equal rules are equal; the newer pod first, should a lost one still claim its address.
	slices.SortFunc(r.endpoints, func(a, b endpoint) int {
		if a.ip != b.ip {
			return strings.Compare(a.ip, b.ip)
		}
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	})
	slices.SortFunc(policies, func(a, b *networking.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})

	var chains strings.Builder
	var ingress, egress []string
	seen := map[string]bool{}
	for _, pod := range r.endpoints {
		if pod.Spec.NodeName != node || seen[pod.ip] {
			continue
		}
		seen[pod.ip] = true
		in, out := r.of(pod, policies)
		id := strings.ReplaceAll(pod.ip, ".", "_")
		// Nothing keeps a pod from itself, through a service say.
		if in != nil {
			ingress = append(ingress, fmt.Sprintf("%s : jump in_%s", pod.ip, id))
			fmt.Fprintf(&chains, "chain in_%s {\n ip saddr %s return\n%s drop\n}\n", id, pod.ip, strings.Join(in, ""))
		}
		if out != nil {
			egress = append(egress, fmt.Sprintf("%s : jump out_%s", pod.ip, id))
			fmt.Fprintf(&chains, "chain out_%s {\n ip daddr %s return\n%s drop\n}\n", id, pod.ip, strings.Join(out, ""))
		}
	}
	jump := func(field string, chains []string) string {
		if len(chains) == 0 {
			return ""
		}
		return fmt.Sprintf(" ip %s vmap { %s }\n", field, strings.Join(chains, ", "))
	}
	const begin = "chain %s {\n type filter hook %[1]s priority 10; policy accept;\n ct state established,related accept\n%s}\n"
	return "table ip netpol\ndelete table ip netpol\ntable ip netpol {\n" + chains.String() +
		fmt.Sprintf(begin, "forward", jump("saddr", egress)+jump("daddr", ingress)) +
		fmt.Sprintf(begin, "input", jump("saddr", egress)) + "}\n"
}

// of gives the lines that let a pod's traffic pass, in and out; nil where no policy isolates it.
func (r *ruleset) of(pod endpoint, policies []*networking.NetworkPolicy) (in, out []string) {
	for _, policy := range policies {
		if policy.Namespace != pod.Namespace || !matches(&policy.Spec.PodSelector, pod.Labels) {
			continue
		}
		types := policy.Spec.PolicyTypes // the API server fills them in
		if slices.Contains(types, networking.PolicyTypeIngress) {
			in = append(in, "")
			for _, rule := range policy.Spec.Ingress {
				in = append(in, r.lines("saddr", pod.Namespace, rule.From, rule.Ports, &pod)...)
			}
		}
		if slices.Contains(types, networking.PolicyTypeEgress) {
			out = append(out, "")
			for _, rule := range policy.Spec.Egress {
				out = append(out, r.lines("daddr", pod.Namespace, rule.To, rule.Ports, nil)...)
			}
		}
	}
	return in, out
}

// lines gives one rule's. A port's name is looked up in target, and for egress, where target is nil, in each peer.
func (r *ruleset) lines(field, ns string, peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort, target *endpoint) []string {
	var out []string
	emit := func(match string, named *endpoint) {
		if len(ports) == 0 {
			out = append(out, " "+match+"return\n")
		}
		for _, port := range ports {
			if m := portMatch(port, named); m != "" {
				out = append(out, " "+match+m+" return\n")
			}
		}
	}
	if len(peers) == 0 {
		emit("", target)
	}
	byName := slices.ContainsFunc(ports, func(p networking.NetworkPolicyPort) bool { return p.Port != nil && p.Port.Type == intstr.String })
	var ips []string
	for _, peer := range peers {
		if block := peer.IPBlock; block != nil {
			match := fmt.Sprintf("ip %s %s ", field, block.CIDR)
			for _, except := range block.Except {
				match += fmt.Sprintf("ip %s != %s ", field, except)
			}
			if !strings.Contains(block.CIDR, ":") {
				emit(match, target)
			}
			continue
		}
		for _, other := range r.endpoints {
			if !r.selects(peer, ns, other) {
				continue
			}
			if target == nil && byName {
				emit(fmt.Sprintf("ip daddr %s ", other.ip), &other)
			} else {
				ips = append(ips, other.ip)
			}
		}
	}
	if len(ips) > 0 {
		slices.Sort(ips)
		emit(fmt.Sprintf("ip %s { %s } ", field, strings.Join(slices.Compact(ips), ", ")), target)
	}
	return out
}

func (r *ruleset) selects(peer networking.NetworkPolicyPeer, ns string, pod endpoint) bool {
	if peer.NamespaceSelector == nil {
		return pod.Namespace == ns && matches(peer.PodSelector, pod.Labels)
	}
	return matches(peer.NamespaceSelector, r.nsLabels[pod.Namespace]) && (peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels))
}

func matches(selector *meta.LabelSelector, set map[string]string) bool {
	s, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

func portMatch(port networking.NetworkPolicyPort, pod *endpoint) string {
	protocol := "tcp"
	if port.Protocol != nil {
		protocol = strings.ToLower(string(*port.Protocol))
	}
	switch {
	case port.Port == nil:
		return "meta l4proto " + protocol
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort)
	case port.Port.Type == intstr.Int:
		return fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal)
	case pod == nil:
		return ""
	}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			if p.Name == port.Port.StrVal && strings.EqualFold(string(p.Protocol), protocol) {
				return fmt.Sprintf("%s dport %d", protocol, p.ContainerPort)
			}
		}
	}
	return ""
}
