// Command registry serves container images out of a folder, without encryption or login: registry FOLDER ADDRESS...
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: registry FOLDER ADDRESS...")
	}
	app := handlers.NewApp(context.Background(), &configuration.Configuration{
		Storage: configuration.Storage{"filesystem": {"rootdirectory": os.Args[1]}},
	})
	stopped := make(chan error)
	for _, address := range os.Args[2:] {
		go func() { stopped <- http.ListenAndServe(address, app) }()
	}
	log.Fatal(<-stopped)
}
