// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type named struct{ n int }

func kind(x interface{}) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int:
		runtime.Breakpoint()
		return "int" + string(rune(v))
	case string:
		runtime.Breakpoint()
		return v
	case *named:
		runtime.Breakpoint()
		return "named"
	default:
		return "other"
	}
}

func main() {
	println(kind(65), kind("s"), kind(&named{3}), kind(nil), kind(1.5))
}
