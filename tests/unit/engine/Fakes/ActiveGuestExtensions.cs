using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Tests.Unit;

/// <summary>Exits by the number of their vCPU.</summary>
internal static unsafe class ActiveGuestExtensions
{
    public static IntStatus Enter(this ActiveGuest guest, uint vcpu, VcpuStateKind kind, IntStatus badVcpu) =>
        guest.Enter(vcpu, kind, badVcpu, out _);

    public static IntStatus Leave(this ActiveGuest guest, uint vcpu, IntroAction action, IntStatus status = IntStatus.Success) =>
        guest.Leave(guest.Vcpus.Blocks + vcpu, action, status);

    public static IntStatus EptViolation(
        this ActiveGuest guest, uint vcpu, ulong gpa, ulong gla, EptAccess access, out IntroAction action) =>
        guest.EptViolation(guest.Vcpus[vcpu], gpa, gla, access, out action);

    public static IntStatus CrWrite(
        this ActiveGuest guest, uint vcpu, uint cr, ulong oldValue, ulong newValue, out IntroAction action) =>
        guest.CrWrite(guest.Vcpus[vcpu], cr, oldValue, newValue, out action);

    public static IntStatus MsrViolation(
        this ActiveGuest guest, uint vcpu, uint msr, MsrAccess access, ulong oldValue, ulong newValue, out IntroAction action) =>
        guest.MsrViolation(guest.Vcpus[vcpu], msr, access, oldValue, newValue, out action);

    public static IntStatus XcrWrite(this ActiveGuest guest, uint vcpu, out IntroAction action) =>
        guest.XcrWrite(guest.Vcpus[vcpu], out action);

    public static IntStatus DtrViolation(this ActiveGuest guest, uint vcpu, DescriptorAccess access, out IntroAction action) =>
        guest.DtrViolation(guest.Vcpus[vcpu], access, out action);
}
