module netpol-cni

go 1.26.0
