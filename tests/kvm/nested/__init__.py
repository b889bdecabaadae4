# SPDX-License-Identifier: GPL-2.0-only
"""What the kvm and vfio lanes and the demo share; it runs inside the VM."""
