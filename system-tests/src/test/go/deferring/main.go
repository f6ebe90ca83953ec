// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func clean(s string) {
	println(s)
}

func work() (n int) {
	defer clean("first")
	defer func() {
		n++
	}()
	n = 5
	return n
}

func main() {
	println(work())
}
