// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"
import "strings"

type name string

func main() {
	empty := ""
	plain := "plain"
	odd := "h\u00e9llo\n\"q\"\x00\xff\t\\"
	long := strings.Repeat("0123456789", 10)
	n := name("typed")
	raw := `a\b`
	bytes := []byte("bytes")
	runes := []rune("r\u00fcnes")
	p := &plain
	runtime.Breakpoint()
	println(empty, plain, odd, long, n, raw, bytes, runes, p)
}
