// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type user struct {
	name  string
	boss  *user
	roles map[string]bool
}

func main() {
	ada := &user{"ada", nil, map[string]bool{"admin": true}}
	bob := &user{"bob", ada, nil}
	users := map[string]*user{"bob": bob}
	byBoss := map[*user][]string{ada: {"bob"}}
	runtime.Breakpoint()
	println(len(users), len(byBoss))
}
