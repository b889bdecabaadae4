/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the VM's firmware leaves out when the machine wakes from S3.
 *
 * It does not make its own memory writable, so that it takes the processors that
 * it has counted when the machine booted for those that have come back, and does
 * not wait. One that is late begins where the firmware's code for it was, and on a
 * busy host may miss that Linux starts it. _PTS is evaluated before the machine
 * sleeps; the chipset keeps what it is told then.
 *
 * It does not turn on again ECAM, without which Linux finds none of the extended
 * capabilities that it has to restore, SR-IOV among them, and the registers that
 * turn the machine off. _WAK is evaluated before devices are woken.
 */
DefinitionBlock ("", "SSDT", 2, "EMUNIC", "WAKE", 1)
{
    External (\_SB.PCI0, DeviceObj)

    Scope (\_SB.PCI0)
    {
        Device (MCH)
        {
            Name (_ADR, Zero)
            OperationRegion (CFG, PCI_Config, 0x60, 0x37)
            Field (CFG, DWordAcc, NoLock, Preserve)
            {
                PEXB, 32        // PCIEXBAR: address, enabled
            }
            Field (CFG, ByteAcc, NoLock, Preserve)
            {
                Offset (0x30),
                PAMF, 8,        // PAM0: who serves 0xf0000
                Offset (0x35),
                PAME, 16        // PAM5, PAM6: who serves 0xe0000
            }
        }

        Device (LPC)
        {
            Name (_ADR, 0x001F0000)
            OperationRegion (CFG, PCI_Config, 0x40, 8)
            Field (CFG, ByteAcc, NoLock, Preserve)
            {
                PMBA, 16,       // PMBASE: I/O port
                Offset (4),
                ACPI, 8         // ACPI_CNTL: enabled
            }
        }
    }

    Method (\_PTS, 1)
    {
        \_SB.PCI0.MCH.PAMF = 0x30
        \_SB.PCI0.MCH.PAME = 0x3333
    }

    Method (\_WAK, 1)
    {
        \_SB.PCI0.MCH.PEXB |= One
        \_SB.PCI0.LPC.PMBA = 0x0601
        \_SB.PCI0.LPC.ACPI = 0x80
        Return (Package () { Zero, Zero })
    }
}
