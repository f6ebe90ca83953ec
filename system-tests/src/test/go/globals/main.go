// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

var (
	number  = 42
	text    = "global"
	pointer = &number
	table   = map[string][]int{"a": {1}, "b": nil}
	err     error
	nested  = struct{ A, B int }{1, 2}
)

func main() {
	runtime.Breakpoint()
	number++
	println(number, text, pointer, table, err, nested.A)
}
