// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"os"
	"os/exec"
)

func main() {
	other := exec.Command("/bin/true")
	other.Run()
	cmd := exec.Command(os.Args[1])
	cmd.Stdout = os.Stdout
	cmd.Run()
}
