/*
 * emunic: migration
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-qos.h"
#include "emunic-test.h"

void emunic_add_migration_tests(void)
{
}
