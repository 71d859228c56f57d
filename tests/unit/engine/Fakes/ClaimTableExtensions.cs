using Engine.Concurrency;

namespace Tests.Unit;

/// <summary>Claims by the vCPU's number.</summary>
internal static unsafe class ClaimTableExtensions
{
    public static bool TryClaim(this ClaimTable claims, uint vcpu) => claims.TryClaim(claims.CellOf(vcpu));

    public static void Release(this ClaimTable claims, uint vcpu) => ClaimTable.Release(claims.CellOf(vcpu));
}
