// kics QUERIES DIRECTORY: what KICS has to say about the Kubernetes manifests of a folder, as JSON.
//
// The command of KICS itself needs 1,780 packages, most of them to read what is no manifest or lies in some cloud. This
// is its engine with its queries for Kubernetes and its patterns of secrets, and nothing else: 620 packages.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/Checkmarx/kics/v2/assets"
	"github.com/Checkmarx/kics/v2/pkg/detector"
	"github.com/Checkmarx/kics/v2/pkg/engine"
	"github.com/Checkmarx/kics/v2/pkg/engine/secrets"
	"github.com/Checkmarx/kics/v2/pkg/engine/source"
	"github.com/Checkmarx/kics/v2/pkg/model"
	"github.com/Checkmarx/kics/v2/pkg/utils"
	"github.com/rs/zerolog"
	"gopkg.in/yaml.v3"
)

// Seconds for one query.
const timeout = 60

type finding struct {
	Rule    string `json:"rule"`
	File    string `json:"file"`
	Message string `json:"message"`
}

// What the engine reports on its way.
type tracker struct{ executed atomic.Int64 }

func (t *tracker) TrackQueryLoad(int)            {}
func (t *tracker) TrackQueryExecuting(int)       {}
func (t *tracker) TrackQueryExecution(count int) { t.executed.Add(int64(count)) }
func (t *tracker) TrackScanPath()                {}
func (t *tracker) TrackScanSecret()              {}
func (t *tracker) FailedDetectLine()             {}
func (t *tracker) FailedComputeSimilarityID()    {}
func (t *tracker) FailedComputeOldSimilarityID() {}
func (t *tracker) GetOutputLines() int           { return 1 }

// The engine drops findings of which it does not find the line: here they are kept, on line 0.
func keepAll(query *engine.QueryContext, track engine.Tracker, value any, lines *detector.DetectLine, oldSeverities,
	newIDs bool, transitions map[string]engine.TransitionQueryInfo) (*model.Vulnerability, error) {
	found, err := engine.DefaultVulnerabilityBuilder(query, track, value, lines, oldSeverities, newIDs, transitions)
	if err == nil && found.Line == engine.UndetectedVulnerabilityLine {
		found.Line = 0
	}
	return found, err
}

// Queries look at documents without the line numbers that are parsed into them.
func withoutLines(value any) any {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "_kics_lines")
		for _, inner := range value {
			withoutLines(inner)
		}
	case []any:
		for _, inner := range value {
			withoutLines(inner)
		}
	}
	return value
}

func copied(document model.Document) (result model.Document, err error) {
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	return
}

func read(folder string) (files model.FileMetadatas, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no *.yaml", folder)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for index := 0; ; index++ {
			var document model.Document
			if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			plain, err := copied(document)
			if err != nil {
				return nil, err
			}
			withoutLines(map[string]any(plain))
			files = append(files, model.FileMetadata{
				ID: fmt.Sprintf("%s#%d", path, index), FilePath: path, SubDocumentIndex: index, Kind: model.KindYAML,
				Document: plain, LineInfoDocument: document,
				OriginalData: string(text), LinesOriginalData: utils.SplitLines(string(text)),
			})
		}
	}
	return files, err
}

func scan(queries, folder string) ([]finding, error) {
	ctx, track := context.Background(), &tracker{}
	files, err := read(folder)
	if err != nil {
		return nil, err
	}
	progress := make(chan int64)
	go func() {
		for range progress {
		}
	}()

	selected := source.NewFilesystemSource([]string{queries}, nil, nil, source.LibrariesDefaultBasePath, false)
	all := &source.QueryInspectorParameters{}
	policies, err := engine.NewInspector(ctx, selected, keepAll, track, all, nil, timeout, false, false, 0, false)
	if err != nil {
		return nil, err
	}
	found, err := policies.Inspect(ctx, "scan", files, []string{folder}, []string{"kubernetes"}, progress)
	if err != nil {
		return nil, err
	}

	patterns, err := secrets.NewInspector(ctx, nil, track, all, false, timeout, assets.SecretsQueryRegexRulesJSON, false)
	if err != nil {
		return nil, err
	}
	leaked, err := patterns.Inspect(ctx, []string{folder}, files, progress)
	if err != nil {
		return nil, err
	}
	findings := []finding{}
	for _, one := range append(found, leaked...) {
		// The line itself, which KICS would mask: a manifest has nothing in it that is not committed.
		text := ""
		if file, ok := files.ToMap()[one.FileID]; ok && one.Line > 0 {
			text = strings.TrimSpace((*file.LinesOriginalData)[one.Line-1])
		}
		findings = append(findings, finding{
			Rule: one.QueryName, File: filepath.Base(one.FileName),
			Message: fmt.Sprintf("%s (line %d: %s)", one.KeyActualValue, one.Line, text),
		})
	}
	failed := policies.GetFailedQueries()
	maps.Copy(failed, patterns.GetFailedQueries())
	for name, err := range failed {
		findings = append(findings, finding{Rule: name, Message: err.Error()})
	}
	// The engine is silent about a query that it cannot compile, and about having none.
	wanted := 0
	for _, query := range policies.QueryLoader.QueriesMetadata {
		wanted += query.Aggregation
		if _, ok := failed[query.Query]; ok {
			wanted -= query.Aggregation
		}
	}
	if executed := int(track.executed.Load()); executed != wanted || wanted < 100 {
		return nil, fmt.Errorf("%d of %d queries in %s were executed", executed, wanted, queries)
	}
	return findings, nil
}

func main() {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	findings, err := scan(os.Args[1], os.Args[2])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(findings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
