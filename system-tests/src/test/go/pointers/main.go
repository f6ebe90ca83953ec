// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"
import "unsafe"

type node struct {
	value int
	next  *node
}

func main() {
	n := 5
	p := &n
	pp := &p
	ppp := &pp
	var none *int
	list := &node{1, &node{2, &node{3, nil}}}
	loop := &node{value: 9}
	loop.next = loop
	u := unsafe.Pointer(p)
	var unone unsafe.Pointer
	runtime.Breakpoint()
	println(n, p, pp, ppp, none, list, loop, u, unone)
}
