// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

var first = setUp("first")
var second = setUp("second")

func setUp(name string) string {
	return name + "!"
}

func init() {
	first += "?"
}

func init() {
	second += "?"
}

func main() {
	println(first, second)
}
