using System;
using System.Buffers;
using System.Text.Json;
using Engine.Guests.Linux;
using Engine.Hosting;
using Engine.Protection;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <summary>Answers of IntQueryGuest, as JSON; docs/queries.md has the schema.</summary>
/// <remarks>Thread safety: any thread. Counters are read while vCPUs go on: each number is right, together they may be of slightly
/// different moments. Not an exit path: it allocates. The caller holds a claim.</remarks>
internal static unsafe class GuestQueries
{
    private static readonly string[] s_exitNames =
        ["none", "active", "ept", "msr", "vmcall", "cr", "dtr", "timer", "xcr", "breakpoint", "injection"];

    /// <summary>Writes the answer to a topic. False: there is no such topic.</summary>
    public static bool TryWrite(ActiveGuest guest, ReadOnlySpan<byte> topic, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        if (topic.SequenceEqual("capabilities"u8))
            WriteCapabilities(guest, json);
        else if (topic.SequenceEqual("protections"u8))
            WriteProtections(guest, json);
        else if (topic.SequenceEqual("counters"u8))
            WriteCounters(guest, json);
        else if (topic.SequenceEqual("vcpus"u8))
            WriteVcpus(guest, json);
        else if (!LinuxQueries.TryWrite(guest.LinuxDetection, topic, json) &&
            !LinuxModelQueries.TryWrite(guest.LinuxDetection.Kernel, guest.Memory, topic, json))
            return false;

        json.WriteEndObject();
        return true;
    }

    private static void WriteCapabilities(ActiveGuest guest, Utf8JsonWriter json)
    {
        GlueCapabilities capabilities = guest.Hypervisor.Capabilities;
        void Write(string name, GlueCapabilities capability) =>
            json.WriteBoolean(name, (capabilities & capability) != GlueCapabilities.None);

        Write("mapMemory", GlueCapabilities.MapMemory);
        Write("frameRights", GlueCapabilities.FrameRights);
        Write("pageTableRights", GlueCapabilities.PageTableRights);
        Write("flushRights", GlueCapabilities.FlushRights);
        Write("crWrites", GlueCapabilities.CrWrites);
        Write("msrWrites", GlueCapabilities.MsrWrites);
        Write("tableLoads", GlueCapabilities.TableLoads);
        Write("xcrWrites", GlueCapabilities.XcrWrites);
        Write("pause", GlueCapabilities.Pause);
        Write("timer", GlueCapabilities.Timer);
        Write("pauseInExit", GlueCapabilities.PauseInExit);
        Write("injection", GlueCapabilities.Injection);
        Write("injectionNotices", GlueCapabilities.InjectionNotices);
        Write("breakpoints", GlueCapabilities.Breakpoints);
        Write("introCalls", GlueCapabilities.IntroCalls);
    }

    private static void WriteProtections(ActiveGuest guest, Utf8JsonWriter json)
    {
        json.WriteString("options", $"0x{(ulong)guest.Options:x}");
        json.WriteStartArray("protections");
        foreach (ProtectionReport report in guest.Reports)
        {
            json.WriteStartObject();
            json.WriteString("name", report.Name);
            json.WriteString("state", report.State switch
            {
                ProtectionState.Prevented => "prevented",
                ProtectionState.Watched => "watched",
                ProtectionState.NotPossible => "not possible",
                _ => "off",
            });
            json.WriteString("detail", report.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCounters(ActiveGuest guest, Utf8JsonWriter json)
    {
        ulong blocked = 0;
        ulong total = 0;
        ulong worst = 0;
        Span<ulong> byKind = stackalloc ulong[VcpuCounters.Kinds];
        byKind.Clear();
        for (uint i = 0; i < (uint)guest.Vcpus.Count; i++)
        {
            VcpuCounters* counters = guest.Vcpus.CountersOf(i);
            blocked += counters->Blocked;
            worst = Math.Max(worst, counters->WorstTicks);
            for (int kind = 0; kind < VcpuCounters.Kinds; kind++)
            {
                byKind[kind] += counters->Exits[kind];
                total += counters->Exits[kind];
            }
        }

        byKind[(int)VcpuStateKind.Timer] = guest.TimerJobs.Calls;
        json.WriteStartObject("exits");
        for (int kind = (int)VcpuStateKind.EptViolation; kind < VcpuCounters.Kinds; kind++)
            json.WriteNumber(s_exitNames[kind], byKind[kind]);
        json.WriteEndObject();
        json.WriteStartObject("verdicts");
        json.WriteNumber("allowed", total - blocked);
        json.WriteNumber("blocked", blocked);
        json.WriteEndObject();
        json.WriteNumber("droppedAlerts", guest.Alerts.Dropped);
        json.WriteNumber("droppedUnjudged", guest.Alerts.DroppedUnjudged);
        json.WriteNumber("worstExitNs", guest.TickScale.ToNanoseconds(worst));
    }

    private static void WriteVcpus(ActiveGuest guest, Utf8JsonWriter json)
    {
        json.WriteStartArray("vcpus");
        for (uint i = 0; i < (uint)guest.Vcpus.Count; i++)
        {
            VcpuState* vcpu = guest.Vcpus[i];
            VcpuCounters* counters = guest.Vcpus.CountersOf(i);
            json.WriteStartObject();
            json.WriteNumber("index", i);
            json.WriteNumber("exits", vcpu->EventId);
            json.WriteNumber("blocked", counters->Blocked);
            json.WriteNumber("worstExitNs", guest.TickScale.ToNanoseconds(counters->WorstTicks));
            json.WriteString("idtBase", $"0x{vcpu->IdtBase:x}");
            json.WriteNumber("idtLimit", vcpu->IdtLimit);
            json.WriteString("gdtBase", $"0x{vcpu->GdtBase:x}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
