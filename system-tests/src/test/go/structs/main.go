// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type inner struct{ X, Y int }
type middle struct {
	inner
	Z int
}
type outer struct {
	middle
	*other
	Name string
	tags [2]string
	fn   func(int) int
	any  interface{}
}
type other struct{ W int }
type empty struct{}

func (o *outer) Full() string { return o.Name + "!" }
func (i inner) Sum() int      { return i.X + i.Y }

func main() {
	o := outer{middle{inner{1, 2}, 3}, &other{4}, "o", [2]string{"a", "b"}, nil, nil}
	p := &o
	n := outer{}
	e := empty{}
	anon := struct {
		A int
		B string
	}{1, "b"}
	i, j := inner{1, 2}, inner{1, 3}
	runtime.Breakpoint()
	println(o.Full(), p.Sum(), n.Name, e == empty{}, anon.A, i.X, j.X)
}
