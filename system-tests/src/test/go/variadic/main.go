// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func join(sep string, parts ...string) (out string) {
	for i, p := range parts {
		if i > 0 {
			out += sep
		}
		out += p
	}
	return
}

func main() {
	println(join(",", "a", "b", "c"))
	println(join(","))
}
