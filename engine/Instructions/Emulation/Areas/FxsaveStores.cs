using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Areas;

/// <summary>FXSAVE and FXSAVE64.</summary>
internal static class FxsaveStores
{
    private const int Alignment = 16;

    public static bool Emulate(ref EmulationContext context)
    {
        if (!context.MayUseVectors || !context.TryLinearOperand(LegacyArea.ByteSize, out ulong linear) ||
            linear % Alignment != 0)
        {
            return false;
        }

        int count = context.SavedXmmRegisters;
        Span<byte> area = context.BeginRuns(linear, LegacyArea.ByteSize);
        if (!LegacyArea.TryPutFpu(context.State, area, context.Instruction.Code == Code.Fxsave64_m512byte) ||
            !LegacyArea.TryPutMxcsr(context.State, area) || !LegacyArea.TryPutXmm(context.State, area, count))
        {
            return false;
        }

        // What lies behind the registers is left alone.
        context.AddRun(linear, 0, LegacyArea.XmmOffset + (count * LegacyArea.XmmBytes));
        return true;
    }
}
