// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func main() {
	words := []string{}
	for i := 0; i < 3; i++ {
		words = append(words, "word")
	}
	println(len(words))
}
