namespace Engine.Injection;

/// <summary>Is told what became of its injections.</summary>
internal interface IInjectionListener
{
    /// <summary>An injection was delivered, or lost: something else was delivered in its place, or the guest went on without it. Called
    /// on the vCPU's thread, in an exit; must not block, allocate, or throw.</summary>
    /// <param name="cookie">What the injection was asked for with.</param>
    /// <param name="delivered">Whether the guest got it.</param>
    void OnInjectionSettled(ulong cookie, bool delivered);
}
