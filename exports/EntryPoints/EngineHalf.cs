using System;
using System.Runtime.InteropServices;
using System.Text;
using Engine;
using Engine.Abi;
using Engine.Instructions;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints;

/// <summary>The functions that IntInit writes into the second half of the glue's table (spec/10, section 4).</summary>
internal static unsafe class EngineHalf
{
    /// <summary>Fills all 30 places; what is not built answers OPERATION_NOT_IMPLEMENTED, reserved places stay as they are.</summary>
    public static void Fill(GlueIface* glue)
    {
        nint missing = (nint)(delegate* unmanaged<IntStatus>)&NotImplemented;
        nint* half = (nint*)((byte*)glue + GlueIface.EngineHalfOffset);
        for (int i = 0; i < GlueIface.EngineHalfCount; i++)
            half[i] = missing;

        glue->_H_I_Reserved1 = glue->_H_I_Reserved2 = glue->_H_I_Reserved3 = glue->_H_I_Reserved4 = 0;
        glue->NewGuestNotification = (nint)(delegate* unmanaged<nint, GuestOptions, byte*, uint, IntStatus>)&NewGuestNotification;
        glue->DisableIntro = (nint)(delegate* unmanaged<nint, ulong, IntStatus>)&DisableIntro;
        glue->FlushGpaCache = (nint)(delegate* unmanaged<nint, IntStatus>)&FlushGpaCache;
        Reconfiguration.Fill(glue);
        glue->GetGuestInfo = (nint)(delegate* unmanaged<nint, IntroGuestInfo*, IntStatus>)&GetGuestInfo;
        glue->GetCurrentIntroOptions = (nint)(delegate* unmanaged<nint, GuestOptions*, IntStatus>)&GetCurrentIntroOptions;
        glue->GetCurrentInstructionLength = (nint)(delegate* unmanaged<nint, uint, byte*, IntStatus>)&GetCurrentInstructionLength;
        glue->GetCurrentInstructionMnemonic = (nint)(delegate* unmanaged<nint, uint, byte*, IntStatus>)&GetCurrentInstructionMnemonic;
        glue->SetLogLevel = (nint)(delegate* unmanaged<nint, IgLogLevel, IntStatus>)&SetLogLevel;
        glue->GetVersionString = (nint)(delegate* unmanaged<uint, uint, byte*, byte*, IntStatus>)&GetVersionString;
    }

    /// <summary>IG_DISABLE_IGNORE_SAFENESS.</summary>
    private const ulong IgnoreSafeness = 2;

    /// <summary>Stands in every place that is not built. The caller cleans up its arguments in both 64-bit calling conventions, so
    /// that one function serves all signatures.</summary>
    [UnmanagedCallersOnly]
    private static IntStatus NotImplemented() => IntStatus.OperationNotImplemented;

    [UnmanagedCallersOnly]
    private static IntStatus NewGuestNotification(nint handle, GuestOptions options, byte* support, uint supportLength)
    {
        try
        {
            return CurrentEngine.Value is { } engine
                ? engine.NewGuest(handle, options, support, supportLength)
                : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("NewGuestNotification", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus DisableIntro(nint handle, ulong flags)
    {
        try
        {
            return Library.EngineOrStopped is { } engine
                ? engine.Disable(handle, (flags & IgnoreSafeness) != 0) : IntStatus.NotNeededHint;
        }
        catch (Exception exception)
        {
            return Faults.Report("DisableIntro", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus FlushGpaCache(nint handle)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            return CurrentEngine.FindActive(handle) is { } guest ? guest.FlushMappings(0, ulong.MaxValue) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("FlushGpaCache", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetGuestInfo(nint handle, IntroGuestInfo* info)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (CurrentEngine.FindActive(handle) is not { } guest)
                return IntStatus.NotInitialized;
            return info == null ? IntStatus.InvalidParameter2 : guest.GetInfo(out *info);
        }
        catch (Exception exception)
        {
            return Faults.Report("GetGuestInfo", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetCurrentIntroOptions(nint handle, GuestOptions* options)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (options == null)
                return IntStatus.InvalidParameter2;
            if (CurrentEngine.FindActive(handle) is not ActiveGuest guest)
                return IntStatus.NotInitialized;
            *options = guest.Options;
            return IntStatus.Success;
        }
        catch (Exception exception)
        {
            return Faults.Report("GetCurrentIntroOptions", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetCurrentInstructionLength(nint handle, uint vcpu, byte* length)
    {
        if (length == null)
            return handle == 0 ? IntStatus.InvalidParameter1 : IntStatus.InvalidParameter3;
        IntStatus status = CurrentInstruction(handle, vcpu, out byte found, out _);
        if (status.IsSuccess())
            *length = found;
        return status;
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetCurrentInstructionMnemonic(nint handle, uint vcpu, byte* mnemonic)
    {
        if (mnemonic == null)
            return handle == 0 ? IntStatus.InvalidParameter1 : IntStatus.InvalidParameter3;
        IntStatus status = CurrentInstruction(handle, vcpu, out _, out ushort found);
        if (status.IsSuccess())
            MnemonicNames.Copy(found, new Span<byte>(mnemonic, MnemonicNames.MaxLength));
        return status;
    }

    private static IntStatus CurrentInstruction(nint handle, uint vcpu, out byte length, out ushort mnemonic)
    {
        length = 0;
        mnemonic = 0;
        if (handle == 0)
            return IntStatus.InvalidParameter1;
        if (CurrentEngine.FindActive(handle) is not { } guest)
            return IntStatus.NotInitialized;

        IntStatus status = guest.Hold(vcpu, out VcpuBlock* block);
        if (!status.IsSuccess())
            return status;
        try
        {
            status = guest.DecodeCurrent(&block->Record);
        }
        catch (Exception exception)
        {
            status = Faults.Report("GetCurrentInstruction", exception);
        }

        length = block->Record.Instruction.Length;
        mnemonic = block->Record.Instruction.Mnemonic;
        ActiveGuest.LetGo(block);
        return status;
    }

    [UnmanagedCallersOnly]
    private static IntStatus SetLogLevel(nint handle, IgLogLevel level)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if (level is < IgLogLevel.Debug or > IgLogLevel.Critical)
                return IntStatus.InvalidParameter2;
            if (CurrentEngine.Value?.Find(handle) is not { } session)
                return IntStatus.NotInitialized;
            session.LogLevel = level;
            return IntStatus.Success;
        }
        catch (Exception exception)
        {
            return Faults.Report("SetLogLevel", exception);
        }
    }

    [UnmanagedCallersOnly]
    private static IntStatus GetVersionString(uint fullSize, uint versionSize, byte* full, byte* version)
    {
        try
        {
            if (full == null)
                return IntStatus.InvalidParameter3;
            if (version == null)
                return IntStatus.InvalidParameter4;
            string number = $"{EngineVersion.Major}.{EngineVersion.Minor}.{EngineVersion.Patch}";
            return Copy($"libintrocore {number}", full, fullSize) && Copy(number, version, versionSize)
                ? IntStatus.Success : IntStatus.DataBufferTooSmall;
        }
        catch (Exception exception)
        {
            return Faults.Report("GetVersionString", exception);
        }
    }

    private static bool Copy(string text, byte* to, uint size)
    {
        if (size <= (uint)text.Length)
            return false;
        Encoding.ASCII.GetBytes(text, new Span<byte>(to, text.Length));
        to[text.Length] = 0;
        return true;
    }
}
