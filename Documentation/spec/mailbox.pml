/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The VF mailbox between VF driver, device and PF driver, for spin: credit,
 * epoch, tag, events and resets, as emunic.rst has them; a name in brackets is
 * that of a rule there. The formulas at the end hold. Each MUTANT leaves out a
 * rule, and breaks one of them.
 *
 * One VF, because VFs share nothing but the PF's time. It asks to add or to
 * delete one filter. Neither requests nor resets end: an epoch or a tag is only
 * compared with that of now, so that a copy of a request knows no more than
 * whether they are still the same. A tag says nothing beyond its epoch.
 */
#define NO_EPOCH	1	/* a reply is taken whatever its epoch */
#define NO_TAG		2	/* a reply is taken whatever its tag */
#define KEEP_CREDIT	3	/* the answer to a cancelled request keeps it */
#define EARLY_CREDIT	4	/* CANCEL gives the credit back at once */
#define KEEP_BUSY	5	/* a PF that goes leaves the request BUSY */
#define KEEP_EVENT	6	/* a reset leaves the request in the device */
#define MSG_FIRST	7	/* VF_MSG overtakes VF_RESET */
#define NO_UNDO		8	/* what was done for a stale request stays */
#define DROP_RING	9	/* a ring is started over events of the last */
#define NO_REPLY	10	/* the PF is silent when nothing changes */
#define TORN_READ	11	/* STATE is not read again after the reply */
#define BLIND_SEND	12	/* SEND without a look at CREDIT */
#ifndef MUTANT
#define MUTANT		0
#endif

mtype = { IDLE, BUSY, DONE, FAILED, CANCELLED };	/* STATE */
mtype = { VF_MSG, VF_RESET };				/* events */

/*
 * A copy of a request. epoch, tag: they are still the VF's; newest: the VF has
 * asked nothing since, and was not reset
 */
typedef request { bit epoch; bit tag; bit newest; bit add };

/* The device */
mtype state = IDLE;
byte credits = 1;
request sent;
byte reply;				/* 0 none, 1 of old, 2 of the newest */
bit wait_reset, wait_msg;		/* events that wait */
chan ring = [2] of { mtype };		/* those in the ring, and its VF_MSG */
request posted;
bit ready = 1, admin = 1;		/* event ring and admin queue run */
bit filter;

/*
 * The PF driver: its event work is busy, with what; its control path failed; a
 * reset that it has not seen; what it has recorded; a reply was stale; it is
 * to be unbound
 */
request handling;
bit working, broken, pf_was_reset, record, was_stale, leaving;

/*
 * The VF driver: without a time-out; waits for an answer; its reset since SEND;
 * it has asked for the filter since its reset. And what must not happen to it
 */
bit patient, asking, was_reset, asked;
bit took_stale, took_undone, told_wrong;

#define OUT		(state == BUSY || state == CANCELLED)
#define COPY(to, from)	to.epoch = from.epoch; to.tag = from.tag; \
			to.newest = from.newest; to.add = from.add
#define CLEAR(r)	r.epoch = 0; r.tag = 0; r.newest = 0; r.add = 0

inline next_tag() {
	posted.tag = posted.tag && !posted.epoch;
	handling.tag = handling.tag && !handling.epoch
}

inline next_request() {
	sent.newest = 0; posted.newest = 0; handling.newest = 0;
	reply = (reply -> 1 : 0)
}

/* [credit] Every way out of BUSY and CANCELLED gives it back, once */
inline ends(how) {
	credits = credits + OUT;
	state = how
}

/* [reset] Whatever the cause */
inline vf_reset() {
	ends(IDLE);
	next_request();
	posted.epoch = 0; handling.epoch = 0;
	reply = 0;
	wait_msg = wait_msg && MUTANT == KEEP_EVENT;
	wait_reset = 1;
	filter = 0;
	was_reset = 1; asked = 0
}

/* [no-pf] The driver stops the ring, or it fails */
inline ring_stops() {
	ready = 0;
	if
	:: OUT && MUTANT != KEEP_BUSY -> wait_msg = 0; next_tag(); ends(FAILED)
	:: else
	fi
}

inline pf_reset() {
	admin = 0;
	ring_stops();
	vf_reset();
	pf_was_reset = 1
}

inline ring_starts() {
	do
	:: ring?_
	:: empty(ring) -> break
	od;
	CLEAR(posted);
	ready = 1
}

/* [order] Of each type one event is in the ring; VF_RESET goes first */
active proctype device()
{
end:	do
	:: d_step { ready && wait_reset && !ring??[VF_RESET] ->
		ring!VF_RESET; wait_reset = 0 }
	:: d_step { ready && wait_msg && !ring??[VF_MSG] &&
		    (!wait_reset || MUTANT == MSG_FIRST) ->
		ring!VF_MSG; wait_msg = 0;
		COPY(posted, sent); CLEAR(sent) }
	od
}

/* Resets and errors, when they like and for as long as they like */
active proctype trouble()
{
	do
	:: d_step { vf_reset() }
	:: d_step { pf_reset() }
	:: d_step { ready -> ring_stops() }
	:: break
	:: leaving = 1; break
	od
}

/* A command is done, or not, or done without its completion being seen */
#define CAN	(admin && !broken)
inline completion() {
	if
	:: true
	:: broken = 1
	fi
}

inline set_filter(value) {
	if
	:: CAN -> filter = value; completion()
	:: broken = 1
	fi
}

/* [stale] */
#define FITS	((handling.epoch || MUTANT == NO_EPOCH) && \
		 (handling.tag || MUTANT == NO_TAG))
inline vf_reply() {
	if
	:: CAN && FITS && state == BUSY ->
		reply = 1 + handling.newest; ends(DONE); completion()
	:: CAN && FITS && state == CANCELLED ->
		credits = credits + (MUTANT != KEEP_CREDIT);
		state = IDLE; was_stale = 1; completion()
	:: CAN && !(FITS && OUT) -> was_stale = 1; completion()
	:: broken = 1
	fi
}

/* The PF's event work: one event after the other, head written before */
active proctype worker()
{
end:	do
	:: d_step { !broken && ring?[VF_MSG] ->
		ring?VF_MSG; working = 1;
		COPY(handling, posted); CLEAR(posted) }
		if
		:: handling.add != record ->
			atomic {
				set_filter(handling.add);
				if
				:: !broken -> record = handling.add
				:: else
				fi }
		:: handling.add == record
		fi;
		atomic {
			if
			:: MUTANT == NO_REPLY
			:: MUTANT != NO_REPLY -> vf_reply()
			fi;
			CLEAR(handling); working = 0 }
	:: d_step { !broken && ring?[VF_RESET] -> ring?VF_RESET; working = 1 }
		/* [undo] */
		atomic {
			if
			:: was_stale && record && MUTANT != NO_UNDO ->
				set_filter(0)
			:: else
			fi;
			record = 0; was_stale = 0; working = 0 }
	od
}

/* The PF's way back, by a reset or with a new ring for one that failed; or out */
active proctype service()
{
end:	do
	:: d_step { (broken || !admin) && !working ->
		broken = 1; admin = 0; ring_stops() }
		d_step {
			if
			:: pf_was_reset
			:: else -> pf_reset()
			fi }
		d_step { pf_was_reset = 0; admin = 1; record = 0; was_stale = 0 }
		d_step { ring_starts(); broken = 0 }
	/* [ring] Not before what the old one had has been taken out */
	:: d_step { !ready && CAN && (empty(ring) || MUTANT == DROP_RING) ->
		ring_starts() }
	:: d_step { leaving && !working ->
		broken = 1; admin = 0; ring_stops() } break
	od
}

/* [send] */
inline send(what) {
	was_reset = 0;
	if
	:: credits && !ready -> state = FAILED
	:: credits && ready ->
		credits--; next_tag(); next_request();
		sent.epoch = 1; sent.tag = 1; sent.newest = 1; sent.add = what;
		asked = asked || what;
		state = BUSY; wait_msg = 1; asking = 1
	:: else		/* NO_CREDIT */
	fi
}

/* The VF driver: one request after the other. A patient one has no time-out */
active proctype vf()
{
	bit add;
	byte head, body;

	if
	:: patient = 1
	:: patient = 0
	fi;
end:	do
	:: break
	:: credits || MUTANT == BLIND_SEND ->
		if
		:: d_step { add = 0; send(0) }
		:: d_step { add = 1; send(1) }
		fi;
		if
		:: state == FAILED		/* ENOTCONN */
		:: state == IDLE || state == CANCELLED ->
			told_wrong = !was_reset	/* ECONNRESET */
		:: state == BUSY && !patient -> /* ETIMEDOUT */
			d_step {
				if
				:: state == BUSY ->
					state = CANCELLED;
					credits = credits + (MUTANT == EARLY_CREDIT)
				:: else
				fi }
		/* [whole] */
		:: d_step { state == DONE -> head = reply }
			body = reply;
			d_step {
				if
				:: head && (state == DONE || MUTANT == TORN_READ) ->
					took_stale = !(head == 2 && body == 2);
					took_undone = filter != add
				:: else -> told_wrong = !was_reset
				fi }
		fi;
		d_step { asking = 0; add = 0; head = 0; body = 0 }
	od
}

#define QUIET	(ready && CAN && !working && len(ring) == 0 && \
		 !wait_reset && !wait_msg)

/* A reply is the answer to the newest request, of this epoch, and whole */
ltl stale	{ [] !took_stale }
/* What is DONE has been done */
ltl done	{ [] !took_undone }
/* A driver is told of a reset only after one */
ltl told	{ [] !told_wrong }
/* There is one credit, with the VF or out */
ltl credit	{ [] (credits + OUT == 1) }
/* A request that was taken ends, also without a time-out */
ltl answer	{ [] (asking -> <> !asking) }
/* The credit of a cancelled one comes back */
ltl back	{ [] (state == CANCELLED -> <> (state != CANCELLED)) }
/* After a reset nothing is left of what was asked for before */
ltl clean	{ [] (QUIET && filter -> asked) }
/* The device has the filters that the PF knows of */
ltl agree	{ [] (QUIET -> filter == record) }
