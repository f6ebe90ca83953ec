// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

var x = "package"

func main() {
	runtime.Breakpoint()
	x := 1
	{
		x := "inner"
		{
			x := 2.5
			runtime.Breakpoint()
			_ = x
		}
		runtime.Breakpoint()
		_ = x
	}
	for x := 0; x < 1; x++ {
		runtime.Breakpoint()
	}
	if x := x + 1; x > 0 {
		runtime.Breakpoint()
	}
	runtime.Breakpoint()
	println(x)
}
