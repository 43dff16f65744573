%% Erlang peers of B1, B2, B3 and B7: actors that answer one another.
%% SPDX-License-Identifier: Apache-2.0
-module(peers_exchange).
-export([pair/0, pairs/0, ring/0, random_pings/0]).

%% B1: one pair; every message is counted, pings and pongs.
pair() ->
    ping_pong(1, peers:scaled(2000000)).

%% B2: the same, a hundred pairs at once.
pairs() ->
    ping_pong(100, peers:scaled(4000000)).

ping_pong(Pairs, Messages) ->
    Main = self(),
    Each = Messages div Pairs div 2,
    Pingers = [begin
                   Ponger = spawn_link(fun ponger/0),
                   spawn_link(fun() -> pinger(Ponger, Each, Main) end)
               end || _ <- lists:seq(1, Pairs)],
    Start = peers:now_ns(),
    [P ! go || P <- Pingers],
    peers:join(Pairs),
    Spent = peers:now_ns() - Start,
    peers:print("", Spent / Messages, "ns/message", Messages).

pinger(Ponger, Left, Main) ->
    receive
        go ->
            Ponger ! {self(), Left},
            pinger(Ponger, Left, Main);
        0 ->
            Main ! done;
        Next ->
            Ponger ! {self(), Next},
            pinger(Ponger, Next, Main)
    end.

ponger() ->
    receive
        {From, Left} ->
            From ! Left - 1,
            ponger()
    end.

%% B3: a hundred actors in a ring, one token.
ring() ->
    Main = self(),
    Hops = peers:scaled(2000000),
    First = spawn_link(fun() -> receive {next, N} -> link_of(N, Main) end end),
    Last = lists:foldl(
             fun(_, Next) ->
                     spawn_link(fun() -> link_of(Next, Main) end)
             end, First, lists:seq(2, 100)),
    First ! {next, Last},
    Start = peers:now_ns(),
    First ! Hops,
    peers:join(1),
    Spent = peers:now_ns() - Start,
    peers:print("", Spent / Hops, "ns/hop", Hops).

link_of(Next, Main) ->
    receive
        1 ->
            Main ! done,
            link_of(Next, Main);
        Left ->
            Next ! Left - 1,
            link_of(Next, Main)
    end.

%% B7: 120 actors; each sends its next ping, to a random other actor, when
%% the pong to its last one has come.
random_pings() ->
    Main = self(),
    Actors = 120,
    Each = peers:scaled(20000),
    Pids = [spawn_link(fun() -> receive All -> wander(I, All, Each, Main) end
                       end) || I <- lists:seq(0, Actors - 1)],
    All = list_to_tuple(Pids),
    [P ! All || P <- Pids],
    Start = peers:now_ns(),
    [P ! pong || P <- Pids],
    peers:join(Actors),
    Spent = peers:now_ns() - Start,
    Messages = 2 * Actors * Each,
    peers:print("", Spent / Messages, "ns/message", Messages).

wander(Index, All, Left, Main) ->
    wander(Index, All, Left, Main, Index + 1).

wander(Index, All, Left, Main, Seed) ->
    receive
        {ping, From} ->
            From ! pong,
            wander(Index, All, Left, Main, Seed);
        pong when Left =:= 0 ->
            Main ! done,
            wander(Index, All, -1, Main, Seed);
        pong ->
            Next = (Seed * 75 + 74) rem 65537,
            Target = (Index + 1 + Next rem 119) rem 120,
            element(Target + 1, All) ! {ping, self()},
            wander(Index, All, Left - 1, Main, Next)
    end.
