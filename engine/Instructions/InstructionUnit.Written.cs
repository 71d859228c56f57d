using System;
using System.Runtime.CompilerServices;
using Engine.Hosting;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <content>What the instruction stores, for those who only look (spec/14, section 8).</content>
internal sealed unsafe partial class InstructionUnit
{
    /// <summary>
    /// Computes the bytes that <see cref="Current"/> stores, as the emulator does; nothing is changed. Returns how many, 0 where it
    /// is not emulated, leaves some bytes out, or stores more than Limits.MaxStoreBytes.
    /// </summary>
    /// <param name="memory">The guest's memory, for what it reads.</param>
    /// <param name="vcpu">The record; what is not in PushedMask is not known.</param>
    /// <param name="hypervisor">Who is asked for extended state; null: it is not known.</param>
    /// <param name="value">Room for Limits.MaxStoreBytes.</param>
    /// <param name="linear">Where they are stored.</param>
    [SkipLocalsInit]
    public int WrittenValue(GuestMemory memory, VcpuState* vcpu, Hypervisor? hypervisor, Span<byte> value, out ulong linear)
    {
        linear = 0;
        if (!TryEmulate(memory, vcpu, hypervisor, out InstructionEffect effect) || !effect.IsWhole)
            return 0;
        linear = effect.Linear;
        InstructionEffect.BytesOf(ref effect).CopyTo(value);
        return effect.Size;
    }
}
