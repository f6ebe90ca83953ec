// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type node struct{ next *node }

func walk(n *node) *node {
	return n.next.next
}

func main() {
	walk(&node{})
}
