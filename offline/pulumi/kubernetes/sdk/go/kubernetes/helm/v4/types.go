// Package v4 declares what the provider's Helm chart component refers to. Charts themselves are not supported.
package v4

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

type PostRendererInput interface{ pulumi.Input }

type PostRenderer struct {
	Command string
	Args    []string
}

type RepositoryOptsInput interface{ pulumi.Input }

type RepositoryOpts struct {
	CaFile, CertFile, KeyFile pulumi.AssetOrArchive
	Password, Repo, Username  *string
}
