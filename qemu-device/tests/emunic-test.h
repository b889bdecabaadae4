/*
 * emunic: the parts of emunic-test
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_TEST_H
#define TESTS_QTEST_EMUNIC_TEST_H

void emunic_add_contract_tests(void);
void emunic_add_control_tests(void);
void emunic_add_data_tests(void);
void emunic_add_gro_life_tests(void);
void emunic_add_gro_tunnel_tests(void);
void emunic_add_gro_tests(void);
void emunic_add_gso_tests(void);
void emunic_add_hotplug_tests(void);
void emunic_add_iommu_tests(void);
void emunic_add_lie_tests(void);
void emunic_add_migration_tests(void);
void emunic_add_pieces_tests(void);
void emunic_add_policy_tests(void);
void emunic_add_port_tests(void);
void emunic_add_random_tests(void);
void emunic_add_rss_tests(void);
void emunic_add_sched_tests(void);
void emunic_add_tap_tests(void);
void emunic_add_time_tests(void);
void emunic_add_offload_tests(void);

#endif /* TESTS_QTEST_EMUNIC_TEST_H */
