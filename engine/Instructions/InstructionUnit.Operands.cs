using System;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>What the instruction stores to.</content>
internal sealed unsafe partial class InstructionUnit
{
    /// <summary>
    /// Finds the operand that <see cref="Current"/> stores to at an address: linear where the hypervisor knows it, else 0, and
    /// guest-physical. The registers of <see cref="VcpuRegisters.Sufficient"/> must be valid. False: none of its operands lies
    /// there, as far as their addresses can be computed.
    /// </summary>
    public bool TryFindStore(GuestMemory memory, VcpuState* vcpu, ulong gpa, ulong gla, out StoreOperand store)
    {
        _registers.Vcpu = vcpu;

        // What most stores are; it has one operand in memory, and writes it.
        if (Current.Mnemonic == Mnemonic.Mov && Current.Op0Kind == OpKind.Memory)
        {
            store = default;
            return Current.TryGetVirtualAddress(0, 0, _registers, out ulong address) &&
                IsAt(memory, vcpu, address, Current.MemorySize, gpa, gla, out store);
        }

        InstructionInfo info = _infoFactory.GetInfo(in Current, InstructionInfoOptions.NoRegisterUsage);
        store = default;
        bool found = false;
        int stores = 0;
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            if (!Writes(used.Access))
                continue;
            stores++;
            if (!found && used.TryGetVirtualAddress(0, _registers, out ulong linear))
                found = IsAt(memory, vcpu, linear, used.MemorySize, gpa, gla, out store);
        }

        // With ENTER, PUSHA and their like, the operand that was found does not tell all that is stored.
        if (found && stores > 1)
            store = new StoreOperand(store.Linear, 0);
        return found;
    }

    /// <summary>Linear address of the first operand of <see cref="Current"/>, which is in memory. False: a register that it depends on
    /// is not known.</summary>
    public bool TryGetOperandAddress(VcpuState* vcpu, out ulong linear)
    {
        _registers.Vcpu = vcpu;
        return Current.TryGetVirtualAddress(0, 0, _registers, out linear);
    }

    /// <summary>Tells whether [linear, linear + size) lies at the address. Where the processor has told the linear address, that it
    /// lies there is enough: the two belong together, whatever the page tables say by now.</summary>
    public static bool IsAt(GuestMemory memory, VcpuState* vcpu, ulong linear, int size, ulong gpa, ulong gla)
    {
        if (gla != 0 && gla - linear < (ulong)size && ((gla ^ gpa) & PageMask) == 0)
            return true;
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        return Covers(memory, in paging, linear, size, gpa);
    }

    private static bool Writes(OpAccess access) => access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or
        OpAccess.ReadCondWrite;

    /// <summary>Tells whether an operand lies at the address.</summary>
    private static bool IsAt(
        GuestMemory memory, VcpuState* vcpu, ulong linear, MemorySize kind, ulong gpa, ulong gla, out StoreOperand store)
    {
        // The sum of base and offset wraps at 4 GiB outside of 64-bit code (SDM 1, 3.3.7).
        if (vcpu->CsType != IgCsType.Bits64)
            linear = (uint)linear;
        store = new StoreOperand(linear, kind.GetSize());
        return IsAt(memory, vcpu, linear, store.Size, gpa, gla);
    }

    /// <summary>Tells whether the frames of [linear, linear + size) hold a guest-physical address; at most three pages.</summary>
    private static bool Covers(GuestMemory memory, in PagingContext paging, ulong linear, int size, ulong gpa)
    {
        ulong last = linear + (ulong)Math.Max(size, 1) - 1;
        for (int page = 0; page < 3; page++)
        {
            ulong start = page == 0 ? linear : (linear & ~PageMask) + ((ulong)page << 12);
            if (page != 0 && start > last)
                return false;
            if (!PageWalk.Translate(memory, in paging, start, out ulong physical).IsSuccess())
                continue;

            ulong inPage = size == 0 ? PageMask + 1 - (start & PageMask) : Math.Min(last - start + 1, PageMask + 1 - (start & PageMask));
            if (gpa - physical < inPage)
                return true;
        }

        return false;
    }
}
