namespace Engine.Protection;

/// <summary>What is known of a table register of one vCPU.</summary>
internal struct VcpuTableRegister
{
    /// <summary>The table that it had when protection started.</summary>
    public RegisterReading Own;

    /// <summary>It is between a reset and its own table.</summary>
    public bool ComingUp;
}
