// Command pulumi-resource-kubernetes serves the Pulumi Kubernetes provider.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	version.Version = "4.25.0"
	// Only code generators and `pulumi import` read the full schema; the engine wants the name and the version.
	schema := fmt.Appendf(nil, `{"name":"kubernetes","version":%q}`, version.Version)
	provider.Serve("kubernetes", version.Version, schema, nil)
}
