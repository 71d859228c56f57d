namespace Tests.Unit.Fakes;

/// <summary>An exception that the engine has asked for.</summary>
internal sealed record FakeInjection(uint Vcpu, byte Vector, uint ErrorCode, ulong Cr2);
