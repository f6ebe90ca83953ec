// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "fmt"

func twice(n int) int {
	n *= 2
	return n
}

func main() { fmt.Println(twice(21)) }
