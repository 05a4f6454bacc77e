// Command control-plane is etcd, kube-apiserver and kube-controller-manager in one binary, for tests:
// no container engine, no download but Go modules.
//
//	control-plane etcd --data-dir DIR --client-url URL --peer-url URL
//	control-plane kube-apiserver FLAGS
//	control-plane kube-controller-manager FLAGS
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		refuse("which part? etcd, kube-apiserver or kube-controller-manager")
	}
	part := os.Args[1]
	// The commands below read os.Args themselves.
	os.Args = append([]string{part}, os.Args[2:]...)
	switch part {
	case "etcd":
		if err := runEtcd(os.Args[1:]); err != nil {
			refuse(err.Error())
		}
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		refuse("unknown part " + part)
	}
}

func refuse(text string) {
	fmt.Fprintln(os.Stderr, "control-plane: "+text)
	os.Exit(2)
}
