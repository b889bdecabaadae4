// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the service work, and coming back after a reset.
 *
 * A function may be reset under the driver: by FLR through the PCI core, which
 * calls back, or by the PF, of which a VF hears by an interrupt or, when the
 * reset took its interrupts, by the watchdog that looks at EPOCH. In each case
 * everything is taken down and brought up again by the same two functions.
 */
#include <linux/rtnetlink.h>

#include "emunic.h"
#include "devlink.h"
#include "kunit.h"
#include "pf.h"
#include "reset.h"

/* How often to look at EPOCH */
#define EMUNIC_WATCHDOG		(2 * HZ)
/* How often while a reset is awaited, and how often once it takes long */
#define EMUNIC_RESET_POLL	(HZ / 20)
#define EMUNIC_RESET_LONG	(2 * HZ)
#define EMUNIC_RESET_POLL_LONG	HZ
/* A reset that was announced and does not come is given up after this */
#define EMUNIC_IMPENDING_MAX	(10 * HZ)
/* Least time between two restarts after an error */
#define EMUNIC_RESTART_MIN	HZ
/* For each second that an attempt took in vain, so many without the next one */
#define EMUNIC_RETRY_PAUSE	3
/* A Tx queue that is stuck again so soon needs more than a restart */
#define EMUNIC_RESTART_PROVEN	(30 * HZ)

/**
 * emunic_update_carrier() - make the carrier what STATUS and the PF say
 * @emu: the function
 *
 * Context: RTNL
 */
void emunic_update_carrier(struct emunic *emu)
{
	u32 status;

	if (!test_bit(EMUNIC_STATE_UP, &emu->state))
		return;

	status = emunic_rd32(emu, EMUNIC_STATUS);
	if (test_bit(EMUNIC_STATE_LOST, &emu->state))
		return;

	/* Without its PF's word a VF does not know which frames are its own */
	if ((status & EMUNIC_STATUS_LINK_UP) &&
	    test_bit(EMUNIC_STATE_CTL_READY, &emu->state))
		netif_carrier_on(emu->netdev);
	else
		netif_carrier_off(emu->netdev);
}

/**
 * emunic_quiesce() - take everything down before or after a reset
 * @emu: the function; the device may be gone
 *
 * What users ask for meanwhile is remembered; emunic_restart() does it. The
 * carrier stays as it is: who expects this to take long turns it off.
 *
 * Context: RTNL
 */
void emunic_quiesce(struct emunic *emu)
{
	if (test_and_set_bit(EMUNIC_STATE_RESETTING, &emu->state))
		return;

	emu->quiesced = jiffies;
	emu->announced = jiffies;
	emunic_down(emu);
	clear_bit(EMUNIC_STATE_CTL_READY, &emu->state);
	emu->ctl->stop(emu);
}

/**
 * emunic_restart() - bring a function that was reset up again
 * @emu: the function, quiesced
 *
 * Context: RTNL
 * Return: 0, or an errno with the function still quiesced
 */
int emunic_restart(struct emunic *emu)
{
	int err;

	if (!emunic_hw_present(emu))
		return -ENODEV;

	WRITE_ONCE(emu->epoch, emunic_rd32(emu, EMUNIC_EPOCH));
	emunic_ctl_irq_enable(emu);
	err = emu->ctl->start(emu);
	if (err)
		return err;

	clear_bit(EMUNIC_STATE_RESETTING, &emu->state);
	err = emunic_filters_replay(emu);
	if (err)
		netdev_warn(emu->netdev, "filters not restored: %pe\n",
			    ERR_PTR(err));
	if (netif_running(emu->netdev)) {
		err = emunic_up(emu);
		if (err)
			emunic_service_request(emu, EMUNIC_SVC_RESTART);
	}
	emu->events.resets++;
	if (!emu->is_vf)
		emunic_health_ctl_restarted(emu);

	return 0;
}

/* The control path of a PF ended by itself */
static bool emunic_ctl_is_broken(struct emunic *emu)
{
	return !emu->is_vf && test_bit(EMUNIC_STATE_CTL_READY, &emu->state) &&
	       emunic_pf_is_broken(emu);
}

/*
 * Is there a VF's reset to wait for, or its PF? A PF's FLR takes the VF's PCI
 * configuration, which the PF restores before it is ready again. It may also be
 * without a driver, for as long as it likes.
 */
VISIBLE_IF_KUNIT bool emunic_reset_awaited(u32 status, unsigned long announced,
					   unsigned long now)
{
	if (!(status & EMUNIC_STATUS_PF_READY))
		return true;

	return (status & EMUNIC_STATUS_RESET_IMPENDING) &&
	       time_before(now, announced + EMUNIC_IMPENDING_MAX);
}

static bool emunic_reset_goes_on(struct emunic *emu)
{
	if (!emu->is_vf)
		return false;

	/* The reset has masked CAUSE.PF_READY, which ends the waiting */
	emunic_ctl_irq_enable(emu);

	return emunic_reset_awaited(emunic_rd32(emu, EMUNIC_STATUS),
				    emu->announced, jiffies);
}

/* While the function is not there or its PF is not, which may take minutes */
static unsigned long emunic_reset_poll(const struct emunic *emu)
{
	return time_before(jiffies, emu->quiesced + EMUNIC_RESET_LONG) ?
	       EMUNIC_RESET_POLL : EMUNIC_RESET_POLL_LONG;
}

/*
 * Does a function need a reset, and has it had one? Any other EPOCH is a new
 * one: it counts up, but it wraps, and who looks may have missed some.
 */
VISIBLE_IF_KUNIT enum emunic_reset_need
emunic_reset_need(const struct emunic_sight *sight, u32 known, u32 pending)
{
	if (!sight->present)
		return EMUNIC_RESET_ABSENT;
	if (sight->epoch != known)
		return EMUNIC_RESET_PASSED;
	if (sight->broken || sight->resetting ||
	    pending & (EMUNIC_SVC_RESET | EMUNIC_CAUSE_RESET_IMPENDING))
		return EMUNIC_RESET_DUE;

	return EMUNIC_RESET_NONE;
}

static struct emunic_sight emunic_service_look(struct emunic *emu)
{
	struct emunic_sight sight = {
		.present = emunic_hw_present(emu),
		.resetting = test_bit(EMUNIC_STATE_RESETTING, &emu->state),
	};

	if (sight.present) {
		sight.epoch = emunic_rd32(emu, EMUNIC_EPOCH);
		sight.broken = sight.epoch == emu->epoch &&
			       emunic_ctl_is_broken(emu);
	}

	return sight;
}

/* How long others have RTNL after an attempt that took @took, in vain */
VISIBLE_IF_KUNIT unsigned long emunic_retry_pause(unsigned long took)
{
	return max_t(unsigned long, EMUNIC_RESTART_MIN,
		     EMUNIC_RETRY_PAUSE * took);
}

/**
 * emunic_retry_later() - an attempt to bring the function up was in vain
 * @emu: the function
 * @began: jiffies when it began
 *
 * Each takes the time of a command or a request that is not answered, with RTNL
 * held.
 *
 * Context: RTNL
 * Return: how long to leave it at that
 */
unsigned long emunic_retry_later(struct emunic *emu, unsigned long began)
{
	unsigned long now = jiffies;

	emu->retry = now + emunic_retry_pause(now - began);

	return emu->retry - now;
}

/*
 * The function was reset, is about to be, or must be: returns how long to wait
 * while it stays quiesced, 0 if it runs
 */
static unsigned long emunic_service_reset(struct emunic *emu, u32 pending)
{
	struct emunic_sight sight = emunic_service_look(emu);
	unsigned long now = jiffies;
	enum emunic_reset_need need;

	need = emunic_reset_need(&sight, emu->epoch, pending);
	if (need == EMUNIC_RESET_NONE)
		return 0;

	if (pending & EMUNIC_CAUSE_RESET_IMPENDING) {
		emu->announced = jiffies;
		emu->events.resets_announced++;
	}
	if (sight.broken) {
		netdev_err(emu->netdev, "control path failed, resetting\n");
		emunic_health_ctl_failed(emu);
	}
	netif_carrier_off(emu->netdev);
	emunic_quiesce(emu);
	if (need == EMUNIC_RESET_ABSENT || emunic_reset_goes_on(emu))
		return emunic_reset_poll(emu);

	if (need == EMUNIC_RESET_DUE && time_before(now, emu->retry))
		return emu->retry - now;

	/* Whatever state the function is in, begin from a known one */
	if (need == EMUNIC_RESET_DUE && emunic_hw_reset(emu))
		return EMUNIC_RESET_POLL;
	/* Without it no reset helps, and somebody else may have taken it */
	pci_set_master(emu->pdev);

	return emunic_restart(emu) ? emunic_retry_later(emu, now) : 0;
}

/**
 * emunic_restarted_lately() - were the queues restarted not long ago?
 * @emu: the function
 *
 * Context: RTNL
 * Return: true if a fault that is there again needs more than a restart
 */
bool emunic_restarted_lately(const struct emunic *emu)
{
	return emu->events.restarts &&
	       time_before(jiffies, emu->restarted + EMUNIC_RESTART_PROVEN);
}

/**
 * emunic_restart_queues() - take the data path down and up after an error
 * @emu: the function, its netdev running
 *
 * Context: RTNL
 * Return: 0, or an errno with the path down
 */
int emunic_restart_queues(struct emunic *emu)
{
	int err;

	emu->restarted = jiffies;
	emu->events.restarts++;
	emunic_down(emu);
	err = emunic_up(emu);
	if (err) {
		netif_carrier_off(emu->netdev);
		netdev_err(emu->netdev, "queues not restarted: %pe\n",
			   ERR_PTR(err));
	}

	return err;
}

/* Goes on where a restart has failed, not too often */
static u32 emunic_service_restart(struct emunic *emu)
{
	if (!netif_running(emu->netdev))
		return 0;
	if (emu->events.restarts &&
	    time_before(jiffies, emu->restarted + EMUNIC_RESTART_MIN))
		return EMUNIC_SVC_RESTART;

	return emunic_restart_queues(emu) ? EMUNIC_SVC_RESTART : 0;
}

/* Returns what is to be done later */
static u32 emunic_service_run(struct emunic *emu, u32 pending)
{
	u32 later = 0;

	emunic_ctl_irq_recheck(emu);
	if (pending & EMUNIC_CAUSE_QUEUE_ERROR) {
		emu->events.queue_errors++;
		emunic_health_queue_errors(emu);
	}
	if (emu->is_vf)
		emunic_vf_service(emu, pending);
	/* The stack does not hear of it, and would not ask again */
	if ((pending & EMUNIC_SVC_RX_MODE) &&
	    emunic_filters_sync_netdev(emu) == -ENOMEM)
		later |= EMUNIC_SVC_RX_MODE;
	if (pending & EMUNIC_SVC_RESTART)
		later |= emunic_service_restart(emu);
	emunic_update_carrier(emu);

	return later;
}

/* Nothing asked for and nothing changed: no need to take RTNL */
static bool emunic_service_idle(struct emunic *emu, u32 pending)
{
	return !pending && !test_bit(EMUNIC_STATE_RESETTING, &emu->state) &&
	       test_bit(EMUNIC_STATE_CTL_READY, &emu->state) &&
	       emunic_hw_present(emu) &&
	       emunic_rd32(emu, EMUNIC_EPOCH) == READ_ONCE(emu->epoch) &&
	       !emunic_rd32(emu, EMUNIC_CAUSE) && !emunic_ctl_is_broken(emu);
}

/* Returns what is to be done later, and in @delay when, if not as usual */
static u32 emunic_service_locked(struct emunic *emu, u32 pending,
				 unsigned long *delay)
{
	unsigned long wait;
	u32 later;

	/* Who holds it calls back */
	if (test_bit(EMUNIC_STATE_HELD, &emu->state))
		return pending;

	wait = emunic_service_reset(emu, pending);
	if (wait) {
		*delay = wait;
		return pending & EMUNIC_SVC_RX_MODE;
	}

	later = emunic_service_run(emu, pending);
	if (later)
		*delay = EMUNIC_RESTART_MIN;

	return later;
}

static void emunic_service(struct work_struct *work)
{
	struct emunic *emu = container_of(work, struct emunic, service.work);
	unsigned long delay = round_jiffies_relative(EMUNIC_WATCHDOG);
	u32 pending = atomic_xchg(&emu->pending, 0);
	u32 later = 0;

	if (emunic_service_idle(emu, pending))
		goto again;

	rtnl_lock();
	later = emunic_service_locked(emu, pending, &delay);
	rtnl_unlock();
again:
	atomic_or(later, &emu->pending);
	if (!test_bit(EMUNIC_STATE_REMOVING, &emu->state))
		queue_delayed_work(system_long_wq, &emu->service, delay);
}

/**
 * emunic_service_init() - prepare the service work
 * @emu: the function
 */
void emunic_service_init(struct emunic *emu)
{
	INIT_DELAYED_WORK(&emu->service, emunic_service);
	init_completion(&emu->irq_test);
	emu->retry = jiffies;
	/* Requests before emunic_service_start() are kept, not run */
	set_bit(EMUNIC_STATE_REMOVING, &emu->state);
}

/**
 * emunic_service_start() - let the service work run
 * @emu: the function, its netdev registered
 */
void emunic_service_start(struct emunic *emu)
{
	clear_bit(EMUNIC_STATE_REMOVING, &emu->state);
	queue_delayed_work(system_long_wq, &emu->service,
			   atomic_read(&emu->pending) ? 0 : EMUNIC_WATCHDOG);
}

/**
 * emunic_service_stop() - end the service work for good
 * @emu: the function
 *
 * Context: without RTNL
 */
void emunic_service_stop(struct emunic *emu)
{
	set_bit(EMUNIC_STATE_REMOVING, &emu->state);
	disable_delayed_work_sync(&emu->service);
}

/**
 * emunic_service_request() - have the service work do something soon
 * @emu: the function
 * @what: EMUNIC_CAUSE_* and EMUNIC_SVC_*
 *
 * Context: any
 */
void emunic_service_request(struct emunic *emu, u32 what)
{
	atomic_or(what, &emu->pending);
	if (!test_bit(EMUNIC_STATE_REMOVING, &emu->state))
		mod_delayed_work(system_long_wq, &emu->service, 0);
}

/**
 * emunic_force_reset() - take memory back from a device that keeps it
 * @emu: the function; the service work brings it up again
 */
void emunic_force_reset(struct emunic *emu)
{
	emunic_hw_reset(emu);
	emunic_service_request(emu, EMUNIC_CAUSE_RESET);
}

/**
 * emunic_hold() - take the function down for who resets it or lets it sleep
 * @emu: the function; the device may be gone
 *
 * The service work leaves it alone until emunic_unhold(). The carrier stays as
 * it is, for something that is over in a moment.
 *
 * Context: without RTNL; may be called again
 */
void emunic_hold(struct emunic *emu)
{
	rtnl_lock();
	set_bit(EMUNIC_STATE_HELD, &emu->state);
	emunic_quiesce(emu);
	rtnl_unlock();
}

/**
 * emunic_unhold() - bring the function up again
 * @emu: the function, reset since emunic_hold(); nothing happens if it is not
 *	held any more
 *
 * What does not succeed now the service work goes on trying.
 *
 * Context: without RTNL
 * Return: 0 or an errno
 */
int emunic_unhold(struct emunic *emu)
{
	int err = 0;

	rtnl_lock();
	if (test_and_clear_bit(EMUNIC_STATE_HELD, &emu->state))
		err = emunic_restart(emu);
	if (err)
		netif_carrier_off(emu->netdev);
	rtnl_unlock();

	if (err)
		netdev_err(emu->netdev, "not back after the reset: %pe\n",
			   ERR_PTR(err));
	emunic_service_request(emu, 0);

	return err;
}
