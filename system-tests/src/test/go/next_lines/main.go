// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func main() {
	total := 0
	for i := 0; i < 3; i++ {
		if i%2 == 0 {
			total += i
		} else {
			total -= i
		}
	}
	switch total {
	case 1:
		total = 10
	default:
		total = 20
	}
	println(total)
}
