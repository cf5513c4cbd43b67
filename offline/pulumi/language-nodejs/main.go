// Command pulumi-language-nodejs starts the language host beside it with the options of the project's runtime, as flags: newer
// CLIs give these options by a request that this host does not know.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"gopkg.in/yaml.v3"
)

// Host is the name of the real language host, in the folder of this program.
const host = "language-host-nodejs"

// Flags lists the options of a project file that the host knows; none for a runtime without options.
func flags(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var project struct{ Runtime yaml.Node }
	if err := yaml.Unmarshal(text, &project); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var runtime struct{ Options map[string]any }
	if project.Runtime.Kind == yaml.MappingNode {
		if err := project.Runtime.Decode(&runtime); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	var found []string
	for _, name := range []string{"typescript", "tsconfig", "nodeargs"} {
		if value, ok := runtime.Options[name]; ok {
			found = append(found, fmt.Sprintf("-%s=%v", name, value))
		}
	}
	return found, nil
}

func start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(self), host)
	args := []string{path}
	// Some commands start the host without a project.
	if file, err := workspace.DetectProjectPath(); err == nil && file != "" {
		options, err := flags(file)
		if err != nil {
			return err
		}
		args = append(args, options...)
	}
	return syscall.Exec(path, append(args, os.Args[1:]...), os.Environ())
}

func main() {
	fmt.Fprintln(os.Stderr, start())
	os.Exit(1)
}
