// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type color int

const (
	red color = iota
	green
	blue
)

type mode uint8

const (
	read mode = 1 << iota
	write
	execute
)

const plain = 12
const text = "text"

func main() {
	c := green
	unknown := color(7)
	m := read | execute
	none := mode(0)
	odd := mode(9)
	all := []color{red, blue}
	runtime.Breakpoint()
	println(c, unknown, m, none, odd, all, plain, text, write)
}
