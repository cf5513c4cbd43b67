// Command pulumi-resource-docker serves the upstream Terraform Docker provider as the Pulumi plugin "docker".
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/terraform-providers/terraform-provider-docker/pulumibridge/info"
)

func main() {
	// Only code generators read a full schema; the engine wants the name and the version.
	schema := fmt.Appendf(nil, `{"name":"docker","version":%q}`, info.Version)
	tfbridge.Main("docker", info.Version, info.Provider(), schema)
}
