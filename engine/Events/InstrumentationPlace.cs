namespace Engine.Events;

/// <summary>The order in which those who have put code into the guest are asked about an exit of it (spec/12, sections 6 and 7).</summary>
internal enum InstrumentationPlace
{
    /// <summary>The agent that handles #VE; hypercalls alone.</summary>
    VeAgent,

    /// <summary>The filter of page-table stores, by hypercall.</summary>
    PageTableFilterCall,

    /// <summary>Detours of functions.</summary>
    Detours,

    /// <summary>Agents that are being started.</summary>
    Agents,

    /// <summary>The filter of page-table stores, by breakpoint.</summary>
    PageTableFilterBreakpoint,
}
