/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what decides whether a function is reset.
 */
#ifndef EMUNIC_RESET_H
#define EMUNIC_RESET_H

#include <linux/types.h>

/**
 * enum emunic_reset_need - what a function needs of a reset
 * @EMUNIC_RESET_NONE: nothing, it runs
 * @EMUNIC_RESET_DUE: one, and then to be brought up
 * @EMUNIC_RESET_PASSED: to be brought up: it has had one
 * @EMUNIC_RESET_ABSENT: to answer first
 */
enum emunic_reset_need {
	EMUNIC_RESET_NONE,
	EMUNIC_RESET_DUE,
	EMUNIC_RESET_PASSED,
	EMUNIC_RESET_ABSENT,
};

/**
 * struct emunic_sight - a function as the service work finds it
 * @present: it answers
 * @epoch: EPOCH, if @present
 * @broken: its control path ended by itself
 * @resetting: it is quiesced
 */
struct emunic_sight {
	bool present;
	u32 epoch;
	bool broken;
	bool resetting;
};

#endif /* EMUNIC_RESET_H */
