// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func main() {
	count := 0
	for i, r := range "h\u00e9!" {
		count += i + int(r)
	}
	for range 2 {
		count++
	}
	m := map[string]int{"only": 1}
	for k, v := range m {
		count += len(k) + v
	}
	println(count)
}
