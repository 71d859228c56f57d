using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>What protections start from.</summary>
/// <param name="Vcpus">Records of the vCPUs.</param>
/// <param name="Now">Registers of each, just read.</param>
internal readonly record struct ProtectionStart(VcpuTable Vcpus, VcpuSnapshot[] Now);
