// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func bad(m map[string]int) {
	m["x"] = 1
}

func main() {
	bad(nil)
}
