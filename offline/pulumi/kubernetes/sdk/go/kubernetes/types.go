// Package kubernetes stands in for the generated Go SDK, which takes 20 minutes of CPU to compile: the provider needs
// a few types of it.
package kubernetes

import "reflect"

type UntypedArgs map[string]any

func (UntypedArgs) ElementType() reflect.Type { return reflect.TypeFor[map[string]any]() }
