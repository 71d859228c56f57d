using System;
using System.Globalization;
using System.Text;
using Engine.Instructions.Emulation;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Compares what the emulator and an oracle made of the same case.</summary>
internal static unsafe class Comparison
{
    /// <summary>Flags that are compared.</summary>
    private const ulong Compared = 0xCD5;

    /// <summary>What differs, or null.</summary>
    public static string? Complaint(
        ref OracleCase before, ref OracleCase oracle, ref EmulatedCase emulated, OracleLayout layout, int index)
    {
        if ((oracle.Status & ~OracleCase.Outside) >= OracleCase.Fault)
            return string.Create(CultureInfo.InvariantCulture, $"the processor faults ({oracle.Status})");
        if ((oracle.Status & OracleCase.Outside) != 0)
            return "the processor stores outside of the window";

        ulong expectedRip = oracle.Status == OracleCase.Landed ? layout.Landing : layout.SlotOf(index) + (ulong)before.Length;
        StringBuilder text = new();
        if (emulated.NextRip != expectedRip)
            text.Append(CultureInfo.InvariantCulture, $" rip {emulated.NextRip:x} for {expectedRip:x};");
        for (int i = 0; i < 16; i++)
        {
            ulong ours = before.Bits == 64 ? emulated.Result.Gprs[i] : (uint)emulated.Result.Gprs[i];
            if (ours != oracle.Gprs[i])
                text.Append(CultureInfo.InvariantCulture, $" {Register.RAX + i} {ours:x} for {oracle.Gprs[i]:x};");
        }

        ulong flags = (emulated.Result.Flags ^ oracle.Flags) & Compared & ~emulated.UndefinedFlags;
        if (flags != 0)
            text.Append(CultureInfo.InvariantCulture, $" flags {emulated.Result.Flags:x} for {oracle.Flags:x} (undefined {emulated.UndefinedFlags:x});");
        if (before.UsesState != 0)
            StateComparison.Complain(text, OracleCase.AreaOf(ref emulated.Result), OracleCase.AreaOf(ref oracle));
        ReadOnlySpan<byte> ourWindow = OracleCase.WindowOf(ref emulated.Result);
        ReadOnlySpan<byte> window = OracleCase.WindowOf(ref oracle);
        int at = ourWindow.CommonPrefixLength(window);
        if (at < window.Length)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $" memory at {layout.Window + before.WindowFirst + (ulong)at:x}: {Hex(ourWindow, at)} for {Hex(window, at)}, before {Hex(OracleCase.WindowOf(ref before), at)};");
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>What the processor has changed although no operand of the instruction lies there, or null.</summary>
    public static string? OperandComplaint(ref OracleCase before, ref OracleCase oracle, in EmulatedCase emulated, OracleLayout layout)
    {
        ReadOnlySpan<byte> old = OracleCase.WindowOf(ref before);
        ReadOnlySpan<byte> window = OracleCase.WindowOf(ref oracle);
        for (int i = 0; i < window.Length; i++)
        {
            int at = before.WindowFirst + i;
            if (window[i] != old[i] && (emulated.Writable[at / 64] & (1UL << (at % 64))) == 0)
                return string.Create(CultureInfo.InvariantCulture, $" {layout.Window + (ulong)at:x} is written, and is in no operand");
        }

        return null;
    }

    /// <summary>Flags that the emulator calls undefined although the decoder's tables do not.</summary>
    public static ulong Excuses(in Instruction instruction, in EmulatedCase emulated)
    {
        ulong open = FlagMath.FromDecoder(instruction.RflagsUndefined);

        // Shifts by more than 1 leave OF open, which the tables cannot say of a count in CL.
        if (instruction.Mnemonic is Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Rol or Mnemonic.Ror or
            Mnemonic.Rcl or Mnemonic.Rcr or Mnemonic.Shld or Mnemonic.Shrd)
        {
            open |= RFlags.Of;
        }

        return emulated.UndefinedFlags & ~open;
    }

    private static string Hex(ReadOnlySpan<byte> bytes, int at) => Convert.ToHexStringLower(bytes.Slice(at, Math.Min(16, bytes.Length - at)));
}
