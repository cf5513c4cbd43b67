// Command netpol-cni is a CNI plugin, chained after the one that makes a pod's network: it tells the node's netpol the
// pod's address and waits until its policies hold.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

type result struct {
	IPs []struct {
		Address string `json:"address"`
	} `json:"ips"`
}

type config struct {
	Socket     string          `json:"socket"`
	PrevResult json.RawMessage `json:"prevResult"`
}

func main() {
	if os.Getenv("CNI_COMMAND") == "VERSION" {
		fmt.Println(`{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}`)
		return
	}
	var c config
	if err := json.NewDecoder(os.Stdin).Decode(&c); err != nil {
		fail(err)
	}
	if os.Getenv("CNI_COMMAND") != "ADD" {
		return
	}
	var r result
	if err := json.Unmarshal(c.PrevResult, &r); err != nil || len(r.IPs) == 0 {
		fail(fmt.Errorf("no address in the result of the plugin before: %v", err))
	}
	address, _, _ := strings.Cut(r.IPs[0].Address, "/")
	if err := announce(c.Socket, podName(os.Getenv("CNI_ARGS")), address); err != nil {
		fail(err)
	}
	os.Stdout.Write(c.PrevResult)
}

// podName reads NAMESPACE/NAME out of "K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;...".
func podName(args string) string {
	values := map[string]string{}
	for pair := range strings.SplitSeq(args, ";") {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = value
	}
	return values["K8S_POD_NAMESPACE"] + "/" + values["K8S_POD_NAME"]
}

func announce(socket, pod, address string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintln(conn, pod, address)
	reply, err := io.ReadAll(conn)
	if err == nil && string(reply) != "ok" {
		err = fmt.Errorf("netpol has no rules for %s", pod)
	}
	return err
}

func fail(err error) {
	json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": "0.4.0", "code": 100, "msg": "netpol-cni: " + err.Error()})
	os.Exit(1)
}
