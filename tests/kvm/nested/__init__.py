# SPDX-License-Identifier: GPL-2.0-only
"""What the nested lane and the demo share; it runs inside the VM."""
