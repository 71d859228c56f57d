using System;
using System.Collections.Generic;
using Engine.Injection;

namespace Tests.Unit.Injection;

/// <summary>Keeps what came of each read.</summary>
internal sealed class SwapSink : ISwapInHandler
{
    public List<(ulong Cookie, ulong Cr3, ulong Linear, ulong Physical, byte[] Bytes, bool IsAsync)> Data { get; } = [];

    public List<ulong> Cancelled { get; } = [];

    public List<ulong> Asked { get; } = [];

    public bool Vetoes { get; set; }

    public Action? OnEnd { get; set; }

    public int Ends => Data.Count + Cancelled.Count;

    public void OnData(ulong cookie, in SwapInData data)
    {
        Data.Add((cookie, data.Cr3, data.Linear, data.Physical, data.Bytes.ToArray(), data.IsAsync));
        OnEnd?.Invoke();
    }

    public void OnCancelled(ulong cookie)
    {
        Cancelled.Add(cookie);
        OnEnd?.Invoke();
    }

    public bool MayInject(ulong cookie, ulong linear)
    {
        Asked.Add(linear);
        return !Vetoes;
    }
}
