/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the VM's firmware leaves out when the machine wakes from S3: to turn on
 * again ECAM, without which Linux finds none of the extended capabilities that it
 * has to restore, SR-IOV among them, and the registers that turn the machine off.
 * _WAK is evaluated before devices are woken.
 */
DefinitionBlock ("", "SSDT", 2, "EMUNIC", "WAKE", 1)
{
    External (\_SB.PCI0, DeviceObj)

    Scope (\_SB.PCI0)
    {
        Device (MCH)
        {
            Name (_ADR, Zero)
            OperationRegion (CFG, PCI_Config, 0x60, 4)
            Field (CFG, DWordAcc, NoLock, Preserve)
            {
                PEXB, 32        // PCIEXBAR: address, enabled
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

    Method (\_WAK, 1)
    {
        \_SB.PCI0.MCH.PEXB |= One
        \_SB.PCI0.LPC.PMBA = 0x0601
        \_SB.PCI0.LPC.ACPI = 0x80
        Return (Package () { Zero, Zero })
    }
}
